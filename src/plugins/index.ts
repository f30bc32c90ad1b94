/**
 * Rotators and providers of others: npm packages named in `esc.yaml` (`docs/writing-a-rotator.md`).
 */
export { guardProvider, guardRotator } from './guard.ts'
export { isHeldInExecutable, packageFile } from './import-module.ts'
export { inspectPlugin, type NamedPlugin, type PluginPlaces } from './inspect.ts'
export { type LoadedPlugins, loadPlugins } from './load-plugins.ts'
export { dataFault, withSecretsOf } from './plain-data.ts'
export { pluginFault, rotatorFault } from './plugin-shape.ts'
