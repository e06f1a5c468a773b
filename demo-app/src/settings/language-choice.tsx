import { en } from '../words/en.ts'
import { chooseLanguage, useWords } from '../words/words.ts'
import { zh } from '../words/zh.ts'
import { Choice } from './choice.tsx'

export function LanguageChoice() {
  const { language, settings } = useWords()
  return (
    <Choice
      label={settings.language}
      value={language}
      options={[en, zh].map((words) => ({ value: words.language, label: words.itself, lang: words.htmlLanguage }))}
      onChoose={chooseLanguage}
    />
  )
}
