// The file of the user's own settings. Loaded only to change it.
export { default as Conf } from 'conf'
