import { useWords } from '../words/words.ts'
import { Choice } from './choice.tsx'
import { useTheme } from './theme.ts'

export function ThemeChoice() {
  const { theme: label, system, light, dark } = useWords().settings
  const [theme, choose] = useTheme()
  return (
    <Choice
      label={label}
      value={theme ?? 'system'}
      options={[
        { value: 'system', label: system },
        { value: 'light', label: light },
        { value: 'dark', label: dark },
      ]}
      onChoose={(value) => choose(value === 'system' ? undefined : value)}
    />
  )
}
