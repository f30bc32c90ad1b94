import { type RichText, rich, step } from '../rich-text.ts'

/** The hint where something must wait for a hand edit: the edit is to be saved, or discarded. */
export function editHint(environment: string, edit = 'it'): RichText {
  const save = step(`save ${edit}`, { do: 'save-definition', environment })
  return rich`${save}, or ${step(`discard ${edit}`, { do: 'discard-edit', environment })}`
}
