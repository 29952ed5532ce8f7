// SPDX-License-Identifier: Apache-2.0
// In the place of a page that cannot be drawn, as where its file cannot be had: what has happened,
// and the way out. What stands around it stays.
import {Button} from '@mantine/core';
import {Component} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {PageFrame} from './PageFrame';

function Notice() {
  const {t} = useTranslation();
  return (
    <div role="alert">
      <PageFrame title={t('broken.title')} lead={t('broken.lead')} actions={
        <Button onClick={() => window.location.reload()}>{t('broken.reload')}</Button>}/>
    </div>
  );
}

interface BreakableProps {
  place?: string; // where another one is gone to, it is tried anew
  children: ReactNode;
}

export class Breakable extends Component<BreakableProps, {isBroken: boolean}> {
  state = {isBroken: false};

  static getDerivedStateFromError() {
    return {isBroken: true};
  }

  componentDidUpdate(before: BreakableProps) {
    if (this.state.isBroken && before.place !== this.props.place) this.setState({isBroken: false});
  }

  render() {
    return this.state.isBroken ? <Notice/> : this.props.children;
  }
}
