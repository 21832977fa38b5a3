"""Scripts for ModelScope's DCT-Net with other import lines: `from modelscope... import X` becomes
`from dctnet.modelscope import X`, and nothing else (docs/python.md). TensorFlow loads with the first use."""
from dctnet.modelscope.exporter import CartoonTranslationExporter
from dctnet.modelscope.hub import MsDataset, snapshot_download
from dctnet.modelscope.names import OutputKeys, Tasks, test_level
from dctnet.modelscope.pipelines import Pipeline, pipeline
from dctnet.modelscope.trainer import CartoonTranslationTrainer

__all__ = ['CartoonTranslationExporter', 'CartoonTranslationTrainer', 'MsDataset', 'OutputKeys', 'Pipeline', 'Tasks',
           'pipeline', 'snapshot_download', 'test_level']
