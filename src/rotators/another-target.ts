import { rich, step } from '../rich-text.ts'

/** For hints where a record is of another server than the inputs name now. */
export const retargetHint = rich`if the server was renamed or failed over, ${step('move the record to the new address', { do: 'retarget-record' })}`

/** For hints where a record is of another account than the inputs name now. */
export const forgetHint = rich`if that account is gone, ${step('give the record up', { do: 'forget-record' })}`
