export { parseListenAddress } from './metrics-server.ts'
export { startScheduler, type Tick, tickScheduler } from './run-scheduler.ts'
export { schedulerUnit, unitKinds } from './units/index.ts'
