/** What `local up` was asked to run, however it is run. */
export interface UpPlan {
  /** As the user typed them, the sample's file in place of its name. */
  readonly paths: readonly string[];
  readonly watch: boolean;
  readonly gatewayPort: number;
  readonly timeoutMs: number;
  readonly stateDir: string;
}
