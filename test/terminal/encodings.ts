import { execFileSync } from 'node:child_process'

/** How a program may print a secret, made by other means than those of the program where there are any. */
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
  HTML: (secret) =>
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
}

/** Without the characters that belong to the bytes before it as well. */
function base64After(before: string, secret: string): string {
  return Buffer.from(before + secret)
    .toString('base64')
    .replace(/=+$/, '')
    .slice(Math.ceil((before.length * 8) / 6))
}
