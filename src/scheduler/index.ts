export { type MetricsAddress, type MetricsServer, parseListenAddress, serveMetrics } from './metrics-server.ts'
export { type SchedulerLook, startScheduler, type Tick, tickScheduler } from './run-scheduler.ts'
export { startSharedScheduler } from './shared-scheduler.ts'
export { schedulerUnit, unitKinds } from './units/index.ts'
