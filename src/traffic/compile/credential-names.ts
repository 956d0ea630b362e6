/** What a credential's name begins with whose authorities stand in ConfigMap `NAMESPACE/NAME`; any proxy may read it. */
export const CONFIG_MAP_CREDENTIAL = 'configmap://';

/** The name of a credential that no proxy ever gets. */
export const INVALID_CREDENTIAL = 'invalid://';
