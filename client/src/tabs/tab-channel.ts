/** Words between the tabs of one replica. They may get lost; who says one does not hear it. */
export interface TabChannel {
  post(text: string): void
  close(): void
}
