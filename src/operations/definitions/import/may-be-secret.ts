import { looksLikeSecret } from '../secret-strength.ts'

/**
 * Names of values that should not lie about, more than `env set` would ask about: to encrypt
 * one too many costs nothing.
 */
const SUSPICIOUS_NAME =
  /passw|passphrase|(?:^|[_.-])pass(?:$|[_.-])|pwd|secret|token|credential|private|api_?key|access_?key|(?:^|[_.-])key(?:$|[_.-])|(?:^|[_.-])auth(?:$|[_.-])|dsn|connection_?string|webhook|salt|(?:^|[_.-])pin(?:$|[_.-])/i

/**
 * True when a value of another program's file, which does not say, is taken for a
 * secret when it is imported.
 */
export async function mayBeSecret(name: string, text: string): Promise<boolean> {
  if (text === '') return false
  // `TOKEN=true` turns something on.
  if (/^(?:true|false|yes|no|on|off|0|1)$/i.test(text)) return false
  return SUSPICIOUS_NAME.test(name) || looksLikeSecret(name, text)
}
