// Builds the Debian package of an executable, with manual pages and completions.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { NODE_VERSION, registryPackage, root, run } from './registry.mjs'

const DEBIAN_NAMES = { x64: 'amd64', arm64: 'arm64' }

/** The places in which Debian's shells look for completions. */
const COMPLETIONS = {
  bash: 'usr/share/bash-completion/completions/esc',
  zsh: 'usr/share/zsh/vendor-completions/_esc',
  fish: 'usr/share/fish/vendor_completions.d/esc.fish',
}

/** Builds the package from an executable, and returns its path. `seconds`: the time of its files. */
export function buildDebianPackage(program, { arch, release, seconds }) {
  const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const tree = mkdtempSync(join(tmpdir(), 'esc-debian-'))
  try {
    chmodSync(tree, 0o755)
    const put = (path, content, mode = 0o644) => {
      mkdirSync(dirname(join(tree, path)), { recursive: true, mode: 0o755 })
      writeFileSync(join(tree, path), content, { mode })
    }
    mkdirSync(join(tree, 'usr', 'bin'), { recursive: true, mode: 0o755 })
    cpSync(program, join(tree, 'usr', 'bin', 'esc'))
    chmodSync(join(tree, 'usr', 'bin', 'esc'), 0o755)
    symlinkSync('esc', join(tree, 'usr', 'bin', 'gitesc'))
    const pages = join(root, 'dist', 'man')
    for (const name of readdirSync(pages)) put(`usr/share/man/man1/${name}.gz`, zipped(readFileSync(join(pages, name))))
    for (const [shell, path] of Object.entries(COMPLETIONS))
      put(path, run(process.execPath, [join(root, 'bin', 'run.cjs'), 'completion', shell]))
    const documentation = 'usr/share/doc/gitesc'
    put(`${documentation}/changelog.gz`, zipped(readFileSync(join(root, 'CHANGELOG.md'))))
    put(
      `${documentation}/third-party-licences.txt.gz`,
      zipped(readFileSync(join(root, 'dist', 'third-party-licences.txt'))),
    )
    put(`${documentation}/copyright`, copyright(about))
    const node = registryPackage(`node-linux-${arch}@${NODE_VERSION}`)
    put(`${documentation}/LICENSE-node.txt.gz`, zipped(readFileSync(join(node, 'LICENSE'))))
    const files = filesIn(tree)
    put('DEBIAN/control', control(about, { arch, kilobytes: sizeOf(tree, files) }))
    put('DEBIAN/md5sums', files.map((path) => `${md5(join(tree, path))}  ${path}\n`).join(''))
    const file = join(release, `gitesc_${about.version}_${DEBIAN_NAMES[arch]}.deb`)
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(seconds) }
    run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', tree, file], { env })
    return file
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}

function control({ version, homepage }, { arch, kilobytes }) {
  return `Package: gitesc
Version: ${version}
Architecture: ${DEBIAN_NAMES[arch]}
Maintainer: gitesc <gitesc@users.noreply.github.com>
Installed-Size: ${kilobytes}
Depends: libc6 (>= 2.28), libgcc-s1 (>= 3.4), libstdc++6 (>= 8)
Recommends: git
Section: utils
Priority: optional
Homepage: ${homepage.replace('#readme', '')}
Description: environments, secrets and rotated credentials in a folder
 Keeps composable configuration, secrets and rotated credentials in a folder
 that is committed to git. Evaluates the Pulumi ESC language, encrypts every
 secret at rest, and rotates credentials so that two are always valid.
 .
 The program is esc, also linked as gitesc.
`
}

function copyright({ homepage }) {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: esc
Source: ${homepage.replace('#readme', '')}

Files: *
Copyright: The esc authors
License: Apache-2.0
 On Debian systems, the text of this license is in
 /usr/share/common-licenses/Apache-2.0.
 .
 The program contains Node.js and libraries: their licenses are in
 LICENSE-node.txt.gz and third-party-licences.txt.gz beside this file.
`
}

/** Without the time, so that the same files make the same package. */
function zipped(bytes) {
  return gzipSync(bytes, { level: 9 })
}

function filesIn(tree) {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(tree, join(entry.parentPath, entry.name)))
    .sort()
}

function sizeOf(tree, files) {
  return files.reduce((sum, path) => sum + Math.ceil(statSync(join(tree, path)).size / 1024), 0)
}

function md5(file) {
  return createHash('md5').update(readFileSync(file)).digest('hex')
}
