import { isJsonObject, type Json } from '../json.ts'

/** Folders of this machine, and the label of the store that is shown in their place. */
interface HiddenFolders {
  readonly folders: readonly string[]
  readonly organization: string
}

/** Hides the folders of this machine in a text. */
export function textWithoutFolders(text: string, { folders, organization }: HiddenFolders): string {
  return folders.reduce((told, folder) => told.replaceAll(folder, organization), text)
}

/** Hides the folders of this machine in every text of an answer. */
export function withoutFolders(json: Json, hidden: HiddenFolders): Json {
  if (typeof json === 'string') return textWithoutFolders(json, hidden)
  if (Array.isArray(json)) return json.map((each) => withoutFolders(each, hidden))
  if (!isJsonObject(json)) return json
  const entries = Object.entries(json).map(([key, each]) => [
    key,
    each === undefined ? undefined : withoutFolders(each, hidden),
  ])
  return Object.fromEntries(entries)
}
