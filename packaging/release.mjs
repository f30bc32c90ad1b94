// Makes all files of a release, and SHA256SUMS:
//   node packaging/release.mjs [--out release] [--arch x64 --arch arm64]
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDebianPackage } from './debian.mjs'
import { ARCHITECTURES, buildExecutable } from './executable.mjs'
import { formula } from './homebrew.mjs'
import { NODE_VERSION, registryPackage, root, run } from './registry.mjs'

const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The time of the files: that of the commit, where there is one, so that it is the same everywhere. */
function releaseSeconds() {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH)
  try {
    return Number(run('git', ['log', '-1', '--format=%ct'], { cwd: root }).trim())
  } catch {
    return 0
  }
}

async function makeRelease(release, architectures) {
  mkdirSync(release, { recursive: true })
  const seconds = releaseSeconds()
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', release], { cwd: root }),
  )
  const made = [join(release, filename)]
  const formulaFile = join(release, 'gitesc.rb')
  writeFileSync(formulaFile, formula(about, digestOf(made[0])))
  made.push(formulaFile)
  for (const arch of architectures) {
    const program = await buildExecutable(arch, release)
    made.push(archive(program, { arch, release, seconds }))
    made.push(buildDebianPackage(program, { arch, release, seconds }))
  }
  const sums = made.map((file) => `${digestOf(file)}  ${basename(file)}\n`)
  writeFileSync(join(release, 'SHA256SUMS'), sums.sort().join(''))
  return [...made, join(release, 'SHA256SUMS')]
}

/** The executable with the licences of what is in it. */
function archive(program, { arch, release, seconds }) {
  const name = `esc-${about.version}-linux-${arch}`
  const stage = mkdtempSync(join(tmpdir(), 'esc-archive-'))
  try {
    const folder = join(stage, name)
    mkdirSync(folder)
    const node = registryPackage(`node-linux-${arch}@${NODE_VERSION}`)
    cpSync(program, join(folder, 'esc'))
    for (const file of ['LICENSE', 'NOTICE', 'dist/third-party-licences.txt'])
      cpSync(join(root, file), join(folder, basename(file)))
    cpSync(join(node, 'LICENSE'), join(folder, 'LICENSE-node.txt'))
    cpSync(join(root, 'dist', 'man'), join(folder, 'man', 'man1'), { recursive: true })
    const fixed = ['--sort=name', `--mtime=@${seconds}`, '--owner=0', '--group=0', '--numeric-owner']
    run('tar', ['-C', stage, ...fixed, '-czf', join(stage, 'archive'), name])
    const file = join(release, `${name}.tar.gz`)
    cpSync(join(stage, 'archive'), `${file}.part`)
    renameSync(`${file}.part`, file)
    return file
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function digestOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

try {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(root, 'release') },
      arch: { type: 'string', multiple: true, default: ARCHITECTURES },
    },
  })
  for (const file of await makeRelease(resolve(values.out), values.arch)) console.log(file)
} catch (error) {
  console.error(`Error: ${error.message}`)
  process.exitCode = 1
}
