/** For how long somebody is muted or blocked: what there is to choose from. */
export const FOR_HOW_LONG: readonly { readonly says: string; readonly ms: number | undefined }[] = [
  { says: '10 minutes', ms: 600_000 },
  { says: '1 hour', ms: 3_600_000 },
  { says: '1 day', ms: 86_400_000 },
  { says: '30 days', ms: 30 * 86_400_000 },
  { says: 'until forgiven', ms: undefined },
]
