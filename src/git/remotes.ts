import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isWithin } from './repository.ts'
import { type GitSetting, isRepositorys, partsOf } from './setting.ts'

/**
 * A remote of the repository's own configuration that lies in its work tree, or an address that
 * others are replaced by. To push there is to run the hooks of a folder that came with the content.
 */
export function remoteInside(top: string, settings: readonly GitSetting[]): GitSetting | undefined {
  return settings.find((setting) => {
    if (!isRepositorys(setting)) return false
    const { section, about, name } = partsOf(setting.key)
    if (section === 'remote' && (name === 'url' || name === 'pushurl')) return leadsInto(top, setting.value)
    return section === 'url' && leadsInto(top, about)
  })
}

function leadsInto(top: string, address: string): boolean {
  const path = localPath(address)
  if (path === undefined) return false
  const file = resolve(top, path)
  try {
    return isWithin(realpathSync(file), top)
  } catch {
    return isWithin(file, top)
  }
}

/** `undefined` when the address is of another machine, as `https://…` and `host:path` are. */
function localPath(address: string): string | undefined {
  if (/^file:\/\//i.test(address)) {
    try {
      return fileURLToPath(address)
    } catch {
      return address.slice('file://'.length)
    }
  }
  if (/^[a-z][a-z0-9+.-]*:(?:\/\/|:)/i.test(address)) return undefined
  const colon = address.indexOf(':')
  const slash = address.indexOf('/')
  // A single letter is a drive of Windows.
  return colon > 1 && (slash === -1 || colon < slash) ? undefined : address
}
