/** What a user can do, one function each. Nothing here prints. */

export type { RotationEvent, RotationReport } from '../rotation/index.ts'
export { type Created, createEnvironment } from './create-environment.ts'
export { beginEdit, type DefinitionEdit, finishEdit, replaceDefinition } from './edit-definition.ts'
export { definitionText, type Got, getEnvironment, renderGot } from './get-environment.ts'
export { history, type RevisionSummary } from './history.ts'
export { initStore } from './init-store.ts'
export { listEnvironments } from './list-environments.ts'
export { type OpenedEnvironment, openEnvironment } from './open-environment.ts'
export { createFiles, interpolateArgument, secretTexts } from './program-environment.ts'
export { type EnvironmentReference, refuseVersion } from './reference.ts'
export { type Removed, removeEnvironment } from './remove-environment.ts'
export { rotateEnvironment, rotationHistory } from './rotate.ts'
export type { SaveResult } from './save-definition.ts'
export { parsePath, removeValue, setValue } from './set-value.ts'
export { FORMATS, type Format, renderValue, unknownFormat, variablesOf } from './value-format.ts'
export {
  type EnvironmentStatus,
  environmentStatus,
  restoreWorkingDefinition,
  saveWorkingDefinition,
} from './working-definition.ts'
export { openWorkspace, type Workspace, type WorkspaceOptions } from './workspace.ts'
