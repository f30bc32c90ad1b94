import { execFileSync } from 'node:child_process'

/**
 * How a program may print a secret, made by other means than those of the program where there are
 * any.
 */
export const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  base64: (secret) => Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  'base64 after one byte': (secret) => base64After('x', secret),
  'base64 after two bytes': (secret) => base64After('xy', secret),
  base64url: (secret) => Buffer.from(secret).toString('base64url'),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'hex in capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'a URL component': (secret) => encodeURIComponent(secret),
  'a URL component in small letters': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'a form': (secret) => new URLSearchParams({ a: secret }).toString().slice(2),
  'a URL': (secret) => encodeURI(secret),
  JSON: (secret) => JSON.stringify(secret).slice(1, -1),
  'JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'JSON in ASCII': (secret) =>
    JSON.stringify(secret)
      .slice(1, -1)
      .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'JSON with escaped slashes': (secret) => JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'single quotes of a shell': (secret) => secret.replaceAll("'", "'\\''"),
  'double quotes of a shell': (secret) => secret.replace(/["$`\\]/g, '\\$&'),
  'printf %q of bash': (secret) =>
    execFileSync('bash', ['-c', 'LC_ALL=C.UTF-8 printf %q "$1"', 'bash', secret]).toString(),
  'double quotes of a shell with history': (secret) => secret.replace(/["$`\\!]/g, '\\$&'),
  'single quotes of a shell, as Python does': (secret) => secret.replaceAll("'", `'"'"'`),
  'quotes doubled, as in YAML and SQL': (secret) => secret.replaceAll("'", "''"),
  'quotes doubled, as in CSV': (secret) => secret.replaceAll('"', '""'),
  'both quotes doubled': (secret) => secret.replace(/['"]/g, '$&$&'),
  'SQL with backslashes': (secret) => secret.replace(/['\\]/g, '$&$&'),
  'a string literal in single quotes': (secret) => secret.replace(/['\\]/g, '\\$&'),
  'a string literal in double quotes': (secret) => secret.replace(/["\\]/g, '\\$&'),
  'a literal with every quote escaped': (secret) => secret.replace(/['"\\]/g, '\\$&'),
  'a Compose file': (secret) => secret.replaceAll('$', '$$$$'),
  'a unit of systemd': (secret) => secret.replaceAll('%', '%%'),
  PowerShell: (secret) => secret.replace(/["$`]/g, '`$&'),
  'YAML in double quotes, in ASCII': (secret) =>
    secret.replace(/["\\]/g, '\\$&').replace(/[^ -~]/gu, (char) => {
      const point = char.codePointAt(0) as number
      const hex = point.toString(16).toUpperCase()
      if (point < 0x100) return `\\x${hex.padStart(2, '0')}`
      return point < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
    }),
  'octal in the C locale': (secret) =>
    [...Buffer.from(secret)]
      .map((byte) => (byte > 0x7e ? `\\${byte.toString(8)}` : String.fromCharCode(byte).replace(/['\\]/, '\\$&')))
      .join(''),
  'JSON in ASCII, in capitals': (secret) =>
    JSON.stringify(secret)
      .slice(1, -1)
      .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`),
  'JSON that is safe in HTML': (secret) =>
    JSON.stringify(secret)
      .slice(1, -1)
      .replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`),
  'JSON of .NET': (secret) =>
    secret
      .split('')
      .map((unit) => {
        if (unit === '\\') return '\\\\'
        if (/[ -~]/.test(unit) && !`<>&'"+\``.includes(unit)) return unit
        return `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
      })
      .join(''),
  'user information of a URL': (secret) => {
    const url = new URL('http://host')
    // It leaves a percent sign alone, which is then another secret.
    url.password = secret
    return url.password
  },
  'a URL component of RFC 3986, in small letters': (secret) =>
    encodeURIComponent(secret)
      .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)
      .replace(/%../g, (code) => code.toLowerCase()),
  'a URL component twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'JSON in a URL': (secret) => encodeURIComponent(JSON.stringify(secret).slice(1, -1)),
  HTML: (secret) =>
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
}

/** How quotes stand in HTML and XML, each with each. */
export const MARKUP: Record<string, (secret: string) => string> = {}
for (const apostrophe of ["'", '&#39;', '&#039;', '&#x27;', '&apos;']) {
  for (const quote of ['"', '&quot;', '&#34;', '&#x22;']) {
    const quoted = (text: string) => text.replaceAll("'", apostrophe).replaceAll('"', quote)
    const html = (text: string) => quoted(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
    const name = `with ${apostrophe} and ${quote}`
    MARKUP[`HTML ${name}`] = html
    MARKUP[`quotes ${name}`] = quoted
    MARKUP[`XML in ASCII ${name}`] = (secret) =>
      html(secret).replace(/[^\0-\x7f]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16).toUpperCase()};`)
    MARKUP[`JSON in HTML ${name}`] = (secret) => html(JSON.stringify(secret).slice(1, -1))
  }
}

/** Without the characters that belong to the bytes before it as well. */
function base64After(before: string, secret: string): string {
  return Buffer.from(before + secret)
    .toString('base64')
    .replace(/=+$/, '')
    .slice(Math.ceil((before.length * 8) / 6))
}
