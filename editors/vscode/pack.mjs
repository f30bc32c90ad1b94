// Packs the extension for VS Code into a .vsix: a zip with what `vsce package` would put into it, made without network and with the same
// bytes each time. Run by `npm run package:vscode`.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { strToU8, zipSync } from 'fflate'
import { thirdPartyLicences } from '../../esbuild/third-party-licences.mjs'

const folder = dirname(fileURLToPath(import.meta.url))
const root = join(folder, '..', '..')

/** The time that every file of the package has: the earliest that a zip can hold. */
const TIME = new Date(1980, 0, 1)

/**
 * Writes the package.
 *
 * @param {string} [file] Default: beside this script, with the version in its name.
 * @returns {Promise<string>} Its path.
 */
export async function pack(file) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { private: _, ...declared } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const manifest = { ...declared, version }
  const { code, licences } = await bundle()
  const contents = {
    'extension/package.json': `${JSON.stringify(manifest, null, 2)}\n`,
    'extension/extension.cjs': code,
    'extension/readme.md': readFileSync(join(folder, 'README.md'), 'utf8'),
    'extension/LICENSE.txt': readFileSync(join(root, 'LICENSE'), 'utf8'),
    'extension/third-party-licences.txt': licences,
  }
  const all = {
    'extension.vsixmanifest': vsixManifest(manifest),
    '[Content_Types].xml': contentTypes(['.vsixmanifest', ...Object.keys(contents).map(extensionOf)]),
    ...contents,
  }
  const entries = Object.entries(all).map(([name, text]) => [name, [strToU8(text), { mtime: TIME }]])
  const path = file ?? join(folder, `esc-${version}.vsix`)
  writeFileSync(path, zipSync(Object.fromEntries(entries), { level: 9 }))
  return path
}

async function bundle() {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(folder, 'extension.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    absWorkingDir: root,
    outfile: 'extension.cjs',
    write: false,
    metafile: true,
  })
  return { code: outputFiles[0].text, licences: thirdPartyLicences([metafile], root) }
}

/** The file that the editor and the marketplace read first. */
function vsixManifest({
  name,
  displayName,
  publisher,
  version,
  description,
  keywords,
  categories,
  engines,
  extensionKind,
}) {
  const properties = {
    'Microsoft.VisualStudio.Code.Engine': engines.vscode,
    'Microsoft.VisualStudio.Code.ExtensionDependencies': '',
    'Microsoft.VisualStudio.Code.ExtensionPack': '',
    'Microsoft.VisualStudio.Code.ExtensionKind': extensionKind.join(','),
    'Microsoft.VisualStudio.Code.LocalizedLanguages': '',
    'Microsoft.VisualStudio.Code.EnabledApiProposals': '',
    'Microsoft.VisualStudio.Code.ExecutesCode': 'true',
    'Microsoft.VisualStudio.Services.GitHubFlavoredMarkdown': 'true',
    'Microsoft.VisualStudio.Services.Content.Pricing': 'Free',
  }
  const assets = {
    'Microsoft.VisualStudio.Code.Manifest': 'extension/package.json',
    'Microsoft.VisualStudio.Services.Content.Details': 'extension/readme.md',
    'Microsoft.VisualStudio.Services.Content.License': 'extension/LICENSE.txt',
  }
  const listed = (elements, indent) => elements.map((element) => `${indent}${element}\n`).join('')
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011" xmlns:d="http://schemas.microsoft.com/developer/vsx-schema-design/2011">
  <Metadata>
    <Identity Language="en-US" Id=${quoted(name)} Version=${quoted(version)} Publisher=${quoted(publisher)} />
    <DisplayName>${escaped(displayName)}</DisplayName>
    <Description xml:space="preserve">${escaped(description)}</Description>
    <Tags>${escaped(keywords.join(','))}</Tags>
    <Categories>${escaped(categories.join(','))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <Properties>
${listed(
  Object.entries(properties).map(([id, value]) => `<Property Id=${quoted(id)} Value=${quoted(value)} />`),
  '      ',
)}    </Properties>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code" />
  </Installation>
  <Dependencies />
  <Assets>
${listed(
  Object.entries(assets).map(
    ([type, path]) => `<Asset Type=${quoted(type)} Path=${quoted(path)} Addressable="true" />`,
  ),
  '    ',
)}  </Assets>
</PackageManifest>
`
}

const TYPES = {
  '.cjs': 'application/octet-stream',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.txt': 'text/plain',
  '.vsixmanifest': 'text/xml',
}

function contentTypes(extensions) {
  const types = [...new Set(extensions)].sort().map((extension) => {
    return `<Default Extension=${quoted(extension)} ContentType=${quoted(TYPES[extension])} />`
  })
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${types.join('')}</Types>
`
}

function extensionOf(name) {
  return name.slice(name.lastIndexOf('.'))
}

function quoted(text) {
  return `"${escaped(text).replaceAll('"', '&quot;')}"`
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`wrote ${relative(process.cwd(), await pack(process.argv[2]))}`)
}
