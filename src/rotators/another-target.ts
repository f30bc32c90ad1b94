/** For hints where a record is of another server than the inputs name now. */
export const retargetHint =
  'if the server was renamed or failed over, "esc env rotate journal ENV --retarget" moves the record to the new address'

/** For hints where a record is of another account than the inputs name now. */
export const forgetHint = 'if that account is gone, "esc env rotate journal ENV --forget" gives the record up'
