import { execFileSync } from 'node:child_process';

/** Whether the Go command can be run; comparisons with Go's own code are skipped without it. */
export const hasGo = (() => {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
