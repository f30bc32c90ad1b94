import type { EnvironmentTag, TagSummary } from '../../operations/index.ts'
import { formatTime, person } from './revision-text.ts'

/** A tag of an environment as `env tag` shows it. */
export function environmentTagBlock({ name, value, modified, editor }: EnvironmentTag, utc: boolean): string {
  return `Name: ${name}\nValue: ${value}\n${lastUpdated(modified, editor, utc)}`
}

/** A tag of a revision as `env version` shows it. */
export function revisionTagBlock({ name, revision, modified, editor }: TagSummary, utc: boolean): string {
  return `${name}\nRevision ${revision}\n${lastUpdated(modified, editor, utc)}`
}

function lastUpdated(modified: Date | undefined, editor: EnvironmentTag['editor'], utc: boolean): string {
  return `Last updated at ${modified === undefined ? '<unknown>' : formatTime(modified, utc)} by ${person(editor)}\n`
}

/** Tells who changed a tag and when, for programs. */
function editorJson({ modified, editor }: Pick<EnvironmentTag, 'modified' | 'editor'>) {
  return {
    modified: modified?.toISOString(),
    editorLogin: editor === undefined ? undefined : editor.email || editor.name,
    editorName: editor?.name,
  }
}

export function environmentTagJson(tag: EnvironmentTag) {
  return { name: tag.name, value: tag.value, ...editorJson(tag) }
}

export function revisionTagJson(tag: TagSummary) {
  return { name: tag.name, revision: tag.revision, ...editorJson(tag) }
}
