import { type Io, secretPrompt } from '../../terminal/index.ts'
import {
  type EnvironmentReference,
  openWorkspace,
  type Workspace,
  type WorkspaceOptions,
} from '../../workspace/index.ts'

/** How workspace functions reach the person at the terminal. */
export function workspaceOptions(io: Io, flags: { readonly store?: string | undefined }): WorkspaceOptions {
  return {
    cwd: io.cwd,
    env: io.env,
    store: flags.store,
    prompt: secretPrompt(io),
    notify: (text) => io.err(`${text}\n`),
    now: io.now,
  }
}

export function openSession(io: Io, flags: { readonly store?: string | undefined }): Workspace {
  return openWorkspace(workspaceOptions(io, flags))
}

/** The environment a command is about, and the positionals after it. */
export interface Target {
  readonly workspace: Workspace
  readonly reference: EnvironmentReference
  readonly rest: readonly string[]
}

/** The environment comes from `--env`, else from the first positional. */
export function openTarget(
  io: Io,
  flags: { readonly store?: string | undefined; readonly env?: string | undefined },
  positionals: readonly string[],
): Target {
  const workspace = openSession(io, flags)
  const [typed, rest] = flags.env === undefined ? [positionals[0], positionals.slice(1)] : [flags.env, positionals]
  return { workspace, reference: workspace.reference(typed ?? ''), rest }
}
