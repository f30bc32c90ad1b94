import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { strFromU8, unzipSync } from 'fflate'
import { packageRoot } from '../cli/commands/esc.ts'

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))

/** Reads the package with other programs than ours, as far as they are installed. */
const reader = `
import sys, zipfile, json, xml.etree.ElementTree as xml
package = zipfile.ZipFile(sys.argv[1])
assert package.testzip() is None
ns = {'v': 'http://schemas.microsoft.com/developer/vsx-schema/2011'}
manifest = xml.fromstring(package.read('extension.vsixmanifest'))
types = xml.fromstring(package.read('[Content_Types].xml'))
print(json.dumps({
  'identity': manifest.find('v:Metadata/v:Identity', ns).attrib,
  'target': manifest.find('v:Installation/v:InstallationTarget', ns).attrib['Id'],
  'properties': {each.attrib['Id']: each.attrib['Value'] for each in manifest.findall('.//v:Property', ns)},
  'assets': [each.attrib['Path'] for each in manifest.findall('v:Assets/v:Asset', ns)],
  'types': [each.attrib['Extension'] for each in types],
}))
`

/**
 * Stands for the API of the editor where a test has no editor: every name is a class without
 * members.
 */
const noEditor = `
const Module = require('node:module')
const load = Module._load
const api = new Proxy({}, { get: () => class {} })
Module._load = (id, ...more) => (id === 'vscode' ? api : load(id, ...more))
const extension = require(process.argv[1])
console.log(JSON.stringify({ names: Object.keys(extension).sort(), server: extension.serverOf('/opt/esc') }))
`

describe('the extension for VS Code', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'esc-vsix-'))
  const file = join(folder, 'esc.vsix')
  const pack = (to: string) =>
    spawnSync(process.execPath, ['editors/vscode/pack.mjs', to], { cwd: packageRoot, encoding: 'utf8' })
  let files: Record<string, Uint8Array>
  before(() => {
    const { status, stderr } = pack(file)
    expect(status, stderr).to.equal(0)
    files = unzipSync(readFileSync(file))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('packs what an editor needs, and the same bytes each time', () => {
    expect(Object.keys(files).sort()).to.deep.equal([
      '[Content_Types].xml',
      'extension.vsixmanifest',
      'extension/LICENSE.txt',
      'extension/extension.cjs',
      'extension/package.json',
      'extension/readme.md',
      'extension/third-party-licences.txt',
    ])
    const again = join(folder, 'again.vsix')
    expect(pack(again).status).to.equal(0)
    expect(readFileSync(again).equals(readFileSync(file))).to.equal(true)
    expect(strFromU8(files['extension/third-party-licences.txt']!)).to.include('vscode-languageclient')
  })

  it('has a manifest with the version of esc, whose main file is there, and which no workspace can change the program of', () => {
    const manifest = JSON.parse(strFromU8(files['extension/package.json']!))
    expect(manifest).to.include({ publisher: 'gitesc', version })
    expect(manifest).to.not.have.property('private')
    expect(files).to.have.property(join('extension', manifest.main).replaceAll('\\', '/'))
    expect(manifest.contributes.configuration.properties['esc.path'].scope).to.equal('machine')
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations).to.include('esc.path')
  })

  it('can be read by another program, which finds all that the manifest names', function () {
    const { status, stdout, stderr, error } = spawnSync('python3', ['-c', reader, file], { encoding: 'utf8' })
    if (error !== undefined) {
      console.warn('      skipped: python3 is not installed')
      return this.skip()
    }
    expect(status, stderr).to.equal(0)
    const read = JSON.parse(stdout)
    expect(read.identity).to.deep.equal({
      Language: 'en-US',
      Id: 'esc-environments',
      Version: version,
      Publisher: 'gitesc',
    })
    expect(read.target).to.equal('Microsoft.VisualStudio.Code')
    expect(read.properties).to.include({ 'Microsoft.VisualStudio.Code.Engine': '^1.91.0' })
    expect(read.assets).to.have.length(3)
    for (const asset of read.assets) expect(files).to.have.property(asset)
    for (const name of Object.keys(files)) {
      if (name !== '[Content_Types].xml') expect(read.types).to.include(name.slice(name.lastIndexOf('.')))
    }
    return undefined
  })

  it('starts the language server', () => {
    const main = join(folder, 'extension', 'extension.cjs')
    mkdirSync(dirname(main), { recursive: true })
    writeFileSync(main, files['extension/extension.cjs']!)
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', noEditor, main], { encoding: 'utf8' })
    expect(status, stderr).to.equal(0)
    expect(JSON.parse(stdout)).to.deep.equal({
      names: ['activate', 'deactivate', 'serverOf'],
      server: { command: '/opt/esc', args: ['lsp', '--stdio'] },
    })
  })
})
