// SPDX-License-Identifier: Apache-2.0
// At which times of the week something holds: drawn, or written.
import {Switch, TextInput} from '@mantine/core';
import {useState} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {emptyWeek, readSaidWeek, readWeek, sayWeek, writeWeek} from './week';
import {WeekGrid} from './WeekGrid';

const OFFICE_HOURS = 'mo-fr 08:00-17:00';

export function ScheduleInput({value, name, error, onChange}: {value: string; name?: string;
  error?: ReactNode; onChange: (schedule: string) => void}) {
  const {t} = useTranslation('user');
  const [isOn, setOn] = useState(value !== '');
  const names = t('exceptions.dayNames').split(' ');
  const week = value ? readWeek(value) : emptyWeek();
  return (
    <div className="lw-schedule">
      <Switch checked={isOn} label={t('exceptions.schedule')}
        onChange={(event) => {
          setOn(event.currentTarget.checked);
          onChange(event.currentTarget.checked ? OFFICE_HOURS : '');
        }}/>
      {isOn && (
        <>
          {week
            ? <WeekGrid week={week} label={t('exceptions.week')}
              onChange={(changed) => onChange(writeWeek(changed))}/>
            : <p className="lw-week-help">{t('exceptions.notDrawn')}</p>}
          <TextInput label={t('exceptions.written')} value={sayWeek(value, names)} maxLength={255}
            error={error} name={name}
            onChange={(event) => onChange(readSaidWeek(event.currentTarget.value, names))}/>
        </>
      )}
    </div>
  );
}
