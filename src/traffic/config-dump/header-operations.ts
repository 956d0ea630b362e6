import type { HeaderOperations } from '../tables.ts';

const fieldsOf = (side: 'request' | 'response', operations: HeaderOperations | undefined): object => {
  if (operations === undefined) return {};
  const added = [
    ...operations.set.map(([key, value]) => ({
      header: { key, value },
      append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
    })),
    ...operations.add.map(([key, value]) => ({ header: { key, value } })),
  ];
  return {
    ...(added.length === 0 ? {} : { [`${side}_headers_to_add`]: added }),
    ...(operations.remove.length === 0 ? {} : { [`${side}_headers_to_remove`]: operations.remove }),
  };
};

/** What a route, or one of its destinations, does to headers, in the fields that both have for it. */
export const headerFields = ({
  requestHeaders,
  responseHeaders,
}: {
  readonly requestHeaders: HeaderOperations | undefined;
  readonly responseHeaders: HeaderOperations | undefined;
}): object => ({ ...fieldsOf('request', requestHeaders), ...fieldsOf('response', responseHeaders) });
