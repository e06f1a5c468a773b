export type {
  AppPlugin,
  CapacitorDevice,
  CapacitorPlugins,
  NetworkPlugin,
  PluginListener,
  PreferencesPlugin,
} from './platform/capacitor-device.ts'
export { capacitorDevice } from './platform/capacitor-device.ts'
