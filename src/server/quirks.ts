import type { ApiContext } from './api.ts'

/**
 * The places where one client needs another answer than all the others, by its headers, with the
 * reason. Everything else is the same for everybody.
 */
const quirks = {
  /** It compares the status of creating and removing with 200, and takes 204 for a failure. */
  wants200: (c: ApiContext) => /^esc-sdk\/ts\/v?0\.(?:\d|1[0-2])\./.test(agentOf(c)),
  /** Its HTTP client parses what looks like JSON before its YAML reader sees it. */
  readsJson: (c: ApiContext) => /^esc-sdk\/ts/.test(agentOf(c)),
  /** Its reader takes no member that it does not know, such as `retracted` of a revision. */
  isStrict: isSdk,
  /**
   * External Secrets opens an environment, and saves all its values in the clear as the definition.
   */
  handsBack: isSdk,
}

function isSdk(c: ApiContext): boolean {
  return c.req.header('x-pulumi-source') === 'esc-sdk'
}

function agentOf(c: ApiContext): string {
  return c.req.header('user-agent') ?? ''
}

/** The status of an answer without a body. */
export function doneStatus(c: ApiContext): 200 | 204 {
  return quirks.wants200(c) ? 200 : 204
}

/** A definition so that the client takes it for text. */
export function definitionFor(c: ApiContext, text: string): string {
  if (!quirks.readsJson(c)) return text
  try {
    JSON.parse(text)
    return `---\n${text}`
  } catch {
    return text
  }
}

/** True when members that only some clients know are left out. */
export function leavesOutUnknown(c: ApiContext): boolean {
  return quirks.isStrict(c)
}

/** True when what was secret stays so, although the client writes it in the clear. */
export function handsBackValues(c: ApiContext): boolean {
  return quirks.handsBack(c)
}
