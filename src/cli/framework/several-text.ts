/** The part of a result that is about one of several environments. */
export interface EnvironmentPart {
  readonly name: string
  /** Ends in a line break, or is empty. */
  readonly text: string
}

/** As one JSON object, an environment a member; `text` of each is JSON, or empty. */
export function joinJson(parts: readonly EnvironmentPart[]): string {
  const members = parts.map(({ name, text }) => {
    // No string in JSON holds a line break, so every line can be indented.
    const value = text === '' ? 'null' : text.trimEnd().replaceAll('\n', '\n  ')
    return `  ${JSON.stringify(name)}: ${value}`
  })
  return `{\n${members.join(',\n')}\n}\n`
}

/** One after the other, each under its name. */
export function joinText(parts: readonly EnvironmentPart[]): string {
  return parts.map(({ name, text }) => `# ${name}\n${text}`).join('\n')
}
