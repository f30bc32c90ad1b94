const MiB = 1 << 20

/** The most bytes that are read of a file in a store. Honest files stay far below. */
const mostBytes = {
  /** A definition or a revision. */
  definition: 4 * MiB,
  /** `settings.yaml`, `esc.yaml`. */
  settings: MiB,
  /**
   * Histories of rotations and schedules, audit logs of a month: hundreds of thousands of lines.
   */
  lines: 64 * MiB,
  /** Revisions in one file (`revisions/archive`). */
  archive: 64 * MiB,
} as const

/** The limit of a file, by its name. */
export function limitOf(path: string): number {
  if (path.endsWith('.jsonl')) return mostBytes.lines
  if (path.endsWith('.archive')) return mostBytes.archive
  return path.endsWith('settings.yaml') || path.endsWith('esc.yaml') ? mostBytes.settings : mostBytes.definition
}
