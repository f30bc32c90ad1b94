export { type RotationRun, rotate } from './engine.ts'
export type { RotationEvent } from './event.ts'
export type { Guard } from './guard.ts'
export type { PathReport, RotationMode, RotationProgress, RotationReport } from './report.ts'
