import { CLUSTER_EXIT_CODES } from '../cluster/flags.ts';
import { MESH_FLAGS } from '../cluster/load-mesh-of.ts';
import { text, texts } from '../command.ts';

/** Flags of all of its commands. */
export const DESCRIBE_OPTIONS = {
  filename: texts(
    '-f, --filename <path>',
    'files in place of the cluster: a file, directory, pattern, or -; repeatable',
  ),
  namespace: text('-n, --namespace <name>', 'its namespace; needed where several have the name'),
  ...MESH_FLAGS,
};

/** Codes of all of its commands. */
export const DESCRIBE_EXIT_CODES = {
  1: 'there is no such pod, service or route',
  65: 'the files cannot be read',
  ...CLUSTER_EXIT_CODES,
} as const;
