// The bundles hold code of other people, whose licences ask to be handed on with it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The licences of all packages that took part in some builds, one after the other. Throws when one
 * has none: such a package cannot be bundled.
 *
 * @param {readonly import('esbuild').Metafile[]} metafiles
 * @param {string} root
 */
export function thirdPartyLicences(metafiles, root) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs))
  // The innermost: packages bring others in a `node_modules` of their own.
  const folders = inputs.map((path) => /^(.*node_modules[/](?:@[^/]+[/])?[^/]+)[/]/.exec(path)?.[1]).filter(Boolean)
  const namesByText = new Map()
  for (const folder of [...new Set(folders)].sort()) {
    const { name, version, license, licenses } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    if (name === undefined) continue
    const text = licenceText(join(root, folder), name)
    namesByText.set(text, [
      ...(namesByText.get(text) ?? []),
      `${name} ${version} (${license ?? licenses?.map(({ type }) => type).join(', ')})`,
    ])
  }
  return [...namesByText]
    .map(([text, names]) => `${[...new Set(names)].join('\n')}\n\n${text}`)
    .join(`\n${'-'.repeat(80)}\n\n`)
}

function licenceText(folder, name) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file))
  if (files.length === 0) {
    const { license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    if (license === undefined) throw new Error(`${name} says nothing of its licence: it cannot be bundled`)
    return `Licence: ${license}. Author: ${author?.name ?? author ?? 'see the package'}.\n`
  }
  return files.map((file) => `${readFileSync(join(folder, file), 'utf8').trim()}\n`).join('\n')
}
