// Preloaded into the program under test (NODE_OPTIONS=--require): its clock is
// ESC_TEST_CLOCK_AHEAD_MS ahead.
'use strict'
const aheadMs = Number(process.env.ESC_TEST_CLOCK_AHEAD_MS ?? 0)
const { Date: RealDate } = globalThis
globalThis.Date = class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + aheadMs)
    else super(...args)
  }
  static now() {
    return RealDate.now() + aheadMs
  }
}
