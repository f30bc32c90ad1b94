/** The URL of a key, taken apart. */
export interface VaultKeyUrl {
  readonly kind: 'hashivault'
  readonly key: string
  /** The place where the transit engine is mounted. */
  readonly engine: string
  /** URL without a slash at its end; `undefined` when the environment variables decide. */
  readonly address?: string
  /** `undefined` when the environment variables decide. */
  readonly namespace?: string
}

/**
 * Variables for the address; the first that is set counts. `VAULT_SERVER_URL` is Pulumi's;
 * OpenBao's client goes by `BAO_…` first.
 */
export const vaultAddressVariables = ['VAULT_SERVER_URL', 'BAO_ADDR', 'VAULT_ADDR'] as const

const addressForm = /^(https?):\/\/(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?((?:\/[\w.-]+)*)\/*$/i

/** True for the URL of a server: `http` or `https`, host, port and a path, nothing else. */
export function isVaultAddress(text: string): boolean {
  const path = addressForm.exec(text)?.[2]
  return path !== undefined && URL.canParse(text) && !path.split('/').some((segment) => /^\.+$/.test(segment))
}
