import { literalsOf } from './literals.ts'
import { type SourceFile, sources } from './sources.ts'

/** Faces: they may show what is typed there. */
const FACES = /^src\/(?:cli|console|vendor)\//

const COMMANDS_FOLDER = 'src/cli/commands/'

/**
 * Literals that only look like a command line or a flag of ours: what is in them, by file, and why
 * it stays.
 */
const ALLOWED: readonly { readonly file: RegExp; readonly text: RegExp; readonly because: string }[] = [
  {
    file: /^src\/scheduler\/units\//,
    text: /./,
    because: 'a unit is a file with the command that cron, systemd or a CI system starts',
  },
  {
    file: /^src\/(?:scheduler|operations\/schedules)\//,
    text: /^esc scheduler(?: tick| start| lease\b.*|: .*)?/s,
    because: 'what commits and locks of the scheduler are named after, here and on other machines',
  },
  {
    file: /^src\/trust\/power\.ts$/,
    text: /^esc trust v1\\n/,
    because: 'what is digested begins with it, so that no digest of something else is taken for one of powers',
  },
  {
    file: /^src\/operations\/keys\/trust-key\.ts$/,
    text: /^--format=%h/,
    because: 'an argument that git is given, which has blanks in it',
  },
]

/** Programs of others: what follows their name in a text are their own flags. */
const OTHER_PROGRAMS =
  /\b(?:git|az|sops|dotenvx|doppler|infisical|op item|kubectl|journalctl|node|npm)\b(?:(?!\besc )[^"`;,])*/g

/**
 * Sentences about command lines and flags of ours in the literals of rooms below the faces. A
 * server, a console or a program that is built on these rooms has none: they say what to do by a
 * remedy (`src/remedy.ts`), and the command line renders it.
 */
export function commandWords(files: readonly SourceFile[] = sources(), commands = commandNames()): string[] {
  const line = new RegExp(`\\besc (?:${commands.join('|')})(?![\\w-])`)
  return files
    .filter(({ file }) => file.startsWith('src/') && !FACES.test(file))
    .flatMap(({ file, text }) =>
      literalsOf(text)
        .filter(({ text: literal }) => !ALLOWED.some((each) => each.file.test(file) && each.text.test(literal)))
        .flatMap((literal) => {
          const found = line.exec(literal.text)?.[0] ?? flagIn(literal.text)
          return found === undefined
            ? []
            : [`${file}:${literal.line}: "${found}" is of the command line: carry a remedy or an input (src/remedy.ts)`]
        }),
    )
}

/** Exceptions that no literal needs any more. */
export function unneededWords(files: readonly SourceFile[] = sources()): string[] {
  return ALLOWED.filter(
    (each) =>
      !files.some(({ file, text }) => each.file.test(file) && literalsOf(text).some((one) => each.text.test(one.text))),
  ).map(({ because }) => because)
}

/**
 * A flag among other words. A literal that is one word alone is an argument that a program is
 * given.
 */
function flagIn(literal: string): string | undefined {
  if (/^--?[^\s]*$/.test(literal)) return undefined
  return /(?<![\w-])--(?:[a-z][\w-]*|\$\{)/.exec(literal.replace(OTHER_PROGRAMS, ' '))?.[0]
}

/** The first words of commands, which are the names in their folder. */
export function commandNames(files: readonly SourceFile[] = sources()): string[] {
  const names = files
    .filter(({ file }) => file.startsWith(COMMANDS_FOLDER))
    .map(({ file }) => file.slice(COMMANDS_FOLDER.length).split(/[/.]/)[0] as string)
  return [...new Set(names)]
}
