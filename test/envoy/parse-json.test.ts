import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/envoy/parse-json.ts';

const messageOf = (text: string): string => {
  const parsed = parseJson(text);
  return 'problem' in parsed ? `${parsed.problem.code} ${parsed.problem.message}` : 'parsed';
};

describe('parseJson', () => {
  it('answers the value of JSON', () => {
    expect(parseJson(' {"configs": []}\n')).toEqual({ value: { configs: [] } });
  });

  it('says where a text is cut off', () => {
    const whole = '{\n "configs": [\n  {"@type": "a"}\n ]\n}';
    for (let end = 1; end < whole.length; end += 1)
      expect(messageOf(whole.slice(0, end))).toMatch(
        /^TRUNCATED_DUMP ends in the middle of a value, at line \d, column \d+/,
      );
    expect(messageOf(whole.slice(0, 20))).toContain('line 3, column 5');
  });

  it('says what a text is that is no JSON, without repeating it', () => {
    expect(messageOf(' \n')).toBe('EMPTY_DUMP is empty');
    expect(messageOf('configs:\n- a\n')).toContain('looks like YAML');
    expect(messageOf('<html>')).toContain('HTML');
    expect(messageOf('-----BEGIN PRIVATE KEY-----\nCANARY')).toBe('NOT_JSON is not JSON but looks like a PEM file');
    expect(messageOf('a::default_priority::max_connections::1')).toContain('text form of Envoy');
  });

  it('names the line of a mistake in the middle', () => {
    expect(messageOf('{\n "a": 1,\n "b": ]\n}')).toMatch(/NOT_JSON is not JSON/);
    expect(messageOf('{\n "a" 1\n}')).toContain('line 2, column 6');
  });
});
