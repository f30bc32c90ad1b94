/**
 * Letters and digits mixed at some length, several lines, or a secret by its look. Names, paths,
 * times and identifiers are not.
 */
export function looksSecret(word: string): boolean {
  if (/[\n\r\0]/.test(word) || word.length > 200) return true
  if (/^(?:age1|ssh-|arn:|sha256:|SHA256:)|^[\da-f-]{36}$|^[\da-f]{40}$|^[\da-f]{64}$/.test(word)) return false
  if (/[/\\\s:]/.test(word)) return false
  return word.length >= 12 && isMixed(word)
}

/** Parts of a text that look like secrets, such as a key of a path. */
export function secretParts(word: string): string[] {
  if (/^(?:age1|ssh-|arn:|sha256:|SHA256:)|^[\da-f-]{36}$/i.test(word)) return []
  return word
    .split(/[^\p{L}\p{N}+]+/u)
    .filter((part) => part.length >= 12 && isMixed(part) && !/^[\da-f]{32,}$/.test(part))
}

function isMixed(word: string): boolean {
  const digits = word.match(/\d/g)?.length ?? 0
  return (
    digits >= 2 &&
    /[A-Za-z]/.test(word) &&
    !/^[a-z-]+[-@.]?v?\d{1,4}(?:[-.]\d+)*$/i.test(word) &&
    !/^\d{4}-\d\d-\d\d/.test(word)
  )
}
