/** Rotators and providers of others: npm packages named in `esc.yaml` (`docs/writing-a-rotator.md`). */
export { guardProvider, guardRotator } from './guard.ts'
export { type LoadedPlugins, loadPlugins, type NamedPlugin } from './load-plugins.ts'
export { dataFault, withSecretsOf } from './plain-data.ts'
export { type AnyProvider, type AnyRotator, contractVersion, type Plugin } from './plugin.ts'
export { pluginFault, providerFault, rotatorFault } from './plugin-shape.ts'
