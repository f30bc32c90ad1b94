import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

const REACHES_FILES = /['"](?:node:)?fs(?:\/promises)?['"]/

/**
 * Files outside `src/files` that call the file system themselves, and why that touches nothing in a
 * store. Whatever is in a store may have come with git: a link to any file, a pipe, an endless
 * device. The file system of a store (`store.files`) refuses those.
 */
const REACHERS: Readonly<Record<string, string>> = {
  'cli/commands/env/apply.ts': 'a file that the user names',
  'cli/commands/export/github.ts': 'files that the runner names, to which it appends',
  'cli/framework/definition-input.ts': 'a file that the user names',
  'cli/framework/written-file.ts': 'a file that the user names',
  'cli/framework/registry.ts': 'the sources of the program itself',
  'cli/commands/oidc/publish.ts': 'files that the user names',
  'cli/commands/scheduler/install.ts': 'where the program itself is',
  'git/configuration.ts': 'asks when files of git changed, and opens none',
  'git/hooks.ts': 'asks whether a hook could run, and opens none',
  'git/identity.ts': 'asks whether there is a .git, and opens none',
  'git/remotes.ts': 'asks where a path leads, and opens nothing',
  'git/repository.ts': 'asks where the .git is; reads with smallText',
  'git/run.ts': 'asks whether a folder is there',
  'git/trusted.ts': 'asks where a path leads, and opens nothing',
  'git/variables.ts': 'looks for git on the PATH',
  'plugins/closure.ts': 'packages, which are digested before they run; looks at each name before it opens one',
  'plugins/committed.ts': 'asks whether a name is a link, and opens nothing',
  'plugins/find-package.ts': 'looks for a package; reads with smallText',
  'plugins/import-module.ts': 'reads files of the running package',
  'plugins/inspect.ts': 'asks where a path leads, and opens nothing',
  'plugins/load-plugins.ts': 'asks whether a folder is there',
  'plugins/owner.ts': 'asks who owns a file, and opens none',
  'operations/servers/known-servers.ts': 'the logins of the user, in the configuration folder',
  'remote/trusted-authorities.ts': 'a file that SSL_CERT_FILE names',
  'plugins/snapshot.ts': 'copies of packages in the state folder',
  'cli/framework/tls-files.ts': 'files that the user names',
  'store/folder/folder-entries.ts': 'sets the time of a file in the state folder',
  'store/locks/processes.ts': 'what the system says of processes',
  'cli/terminal/editor.ts': 'a temporary file of its own',
  'cli/terminal/file-sink.ts': 'a descriptor that is open already',
  'operations/folders/allow-folder.ts': 'writes the .esc.yaml of the folder that the user is in',
  'operations/folders/folder-choice.ts': 'asks where a path leads, and opens nothing',
  'operations/folders/folder-decisions.ts': 'the configuration folder of the user',
  'operations/folders/folder-file.ts': 'asks whether a file is there; reads with smallText',
  'operations/opening/find-program.ts': 'looks for programs on the PATH',
  'cli/terminal/process-io.ts': 'the standard streams',
  'cli/terminal/pty-output.ts': 'terminals',
  'cli/terminal/pty-state.ts': 'terminals, and what the system says of processes',
  'operations/definitions/apply.ts': 'files that the user names',
  'operations/definitions/draft-tree.ts': 'a temporary folder of its own',
  'operations/definitions/import/pulumi-secrets.ts': 'files that the user names',
  'operations/session/known-stores.ts': 'the configuration folder of the user',
  'operations/scanning/scanned-files.ts': 'files that the user names, and no link among them',
  'operations/scanning/install-hook.ts': 'makes a hook of git executable',
  'operations/opening/program-environment.ts': 'temporary files of its own',
  'operations/schedules/due-queue.ts': 'asks when files of a store changed, and opens none',
  'operations/references/selection.ts': 'the state folder',
  'operations/opening/fingerprint.ts': 'asks when folders of a store changed, and opens no file',
  'operations/opening/temporary-folder.ts': 'temporary folders of its own',
  'operations/trust/trusted-stores.ts': 'the state folder',
  'operations/opening/watch-environment.ts': 'is told of changes, and opens no file',
}

/**
 * Files that call the file system themselves and are not known to; and known ones that do so no
 * longer.
 */
export function fileAccessProblems(files = sources()): string[] {
  const reaching = files.filter(({ file, text }) => !file.startsWith('files/') && REACHES_FILES.test(text))
  const unknown = reaching.filter(({ file }) => REACHERS[file] === undefined)
  return unknown.map(
    ({ file }) =>
      `src/${file}: uses node:fs: read and write a store through store.files; for what is in no store, say in test/lint/file-access.ts why`,
  )
}

/** Entries of the table above that are needed no more. */
export function unneededEntries(): string[] {
  const texts = new Map(sources().map(({ file, text }) => [file, text]))
  return Object.keys(REACHERS).filter((file) => !REACHES_FILES.test(texts.get(file) ?? ''))
}

function sources(): { readonly file: string; readonly text: string }[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: file.split(sep).join('/'), text: readFileSync(join(root, file), 'utf8') }))
}
