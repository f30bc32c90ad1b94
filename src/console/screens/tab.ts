/** The props of each tab of an environment. */
export interface TabProps {
  /** `project/environment`. */
  readonly name: string
}
