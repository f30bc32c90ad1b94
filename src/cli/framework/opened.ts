import type { Workspace } from '../../operations/index.ts'
import { backmost, type Io } from '../terminal/index.ts'
import type { Host } from './host.ts'

const opened = new WeakMap<Io, Workspace[]>()

export function noteOpened(io: Host, workspace: Workspace): void {
  opened.set(backmost(io), [...workspacesOf(io), workspace])
}

/** The stores that a command line has worked on so far. */
export function workspacesOf(io: Host): readonly Workspace[] {
  return opened.get(backmost(io)) ?? []
}
