import { hash } from 'node:crypto'

/**
 * Names a store on this machine: 32 hex digits, from where its folder really is. Nothing inside a
 * repository can choose it, so a store that somebody else wrote can never pass for another one.
 *
 * @param realFolder absolute path of the store's folder, links resolved.
 */
export function storeIdentity(realFolder: string): string {
  return hash('sha256', `esc store v1\0${realFolder}`, 'hex').slice(0, 32)
}
