let second = -1;
let text = '';

/** The Date header for a moment (RFC 9110 5.6.7), made once a second. */
export const httpDate = (nowMs: number): string => {
  const now = Math.floor(nowMs / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return text;
};
