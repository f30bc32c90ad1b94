import type { Power } from '../../trust/index.ts'

/**
 * Describes what a power allows, as the end of a sentence:
 * `run the code of plugin esc-rotator-x`. Escaped for terminals.
 */
export function describePower({ kind, value }: Power): string {
  const shown = printable(value)
  switch (kind) {
    case 'plugin': {
      const [, name = shown, folder = '', digest = ''] = /^(\S+) (.*) (sha256:\S+)$/.exec(shown) ?? []
      return `run the code of plugin ${name}${folder === '' ? '' : ` in ${folder} (${digest})`}`
    }
    case 'keyHost':
      return `send your credentials for a secrets provider to ${shown}`
    case 'issuer':
      return `sign identity tokens as issuer ${shown}`
    case 'identity':
      return `use this machine's identity (oidc.key, or a token of its system) as organization ${shown}`
    case 'identityIssuer':
      return `have its server give tokens to ${shown}`
    case 'privateHost':
      return `let rotators call ${shown}, also at a private address`
    case 'issuingHost':
      return `send what its definitions hold to ${shown}, to rotate credentials there`
    case 'webhookHost':
      return `let webhooks reach ${shown}, also at a private address or unencrypted`
    case 'socket':
      return `let rotators use the unix socket ${shown}, as you`
    case 'caFile':
      return `have rotators read certificates of authorities from ${shown}`
    case 'readVariable':
      return `read your variable ${shown}`
    case 'readFile':
      return `read the file ${shown}`
    case 'sopsFile':
      return `decrypt the SOPS file ${shown} with your keys`
    case 'stack':
      return `read the outputs of the Pulumi stack ${shown} with your login`
    case 'cluster':
      return value === 'in-cluster'
        ? 'read secrets of the Kubernetes cluster with the service account of this pod'
        : `read secrets of Kubernetes clusters with your login in ${shown}, and run the programs that it names`
    case 'command':
      return `run ${shown} as you, and read what it prints`
    case 'variable':
      return `set the variable ${shown}, which can make programs run other code`
  }
}

/**
 * Control characters, and those that change the direction of text, as escapes: a
 * store chooses these texts.
 */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
