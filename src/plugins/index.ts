/** Rotators and providers of others: npm packages named in `esc.yaml` (`docs/writing-a-rotator.md`). */
export { guardProvider, guardRotator } from './guard.ts'
export { type InspectedPlugin, inspectPlugin, type NamedPlugin, type PluginPlaces } from './inspect.ts'
export { type LoadedPlugins, type LoadOptions, loadPlugins } from './load-plugins.ts'
export { dataFault, withSecretsOf } from './plain-data.ts'
export { type AnyProvider, type AnyRotator, contractVersion, type Plugin } from './plugin.ts'
export { pluginFault, providerFault, rotatorFault } from './plugin-shape.ts'
